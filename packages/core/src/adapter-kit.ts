/**
 * What the adapters share with core and applications do not need: checks of options with one form of message, and the
 * reading of addresses. No stable API: adapters of the same version use it.
 */
export { canonicalAddress, type TrustsAddress, trustedProxies } from './key/trusted-proxies.ts'
export {
  choiceOption,
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  invalidOption,
  optionsObject,
} from './option.ts'
