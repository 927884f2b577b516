import { describe, expect, it } from 'vitest'
import {
  choiceOption,
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '../src/option.ts'

const LONGEST_TIMER = 2 ** 31 - 1

describe('invalidOption', () => {
  it('names the option, what was expected and what was given, under a stable code', () => {
    const error = invalidOption('header.maxLength', 'an integer from 1 to 65536', -1)
    expect(error.code).toBe('invalid-option')
    expect(error.message).toBe('option "header.maxLength": expected an integer from 1 to 65536, got -1')
  })

  it.each<[unknown, string]>([
    ['on', 'got "on"'],
    ['a "quoted"\nline', 'got "a \\"quoted\\"\\nline"'],
    [1.5, 'got 1.5'],
    [Number.NaN, 'got NaN'],
    [true, 'got true'],
    [undefined, 'got undefined'],
    [null, 'got null'],
    [[1, 2], 'got an array'],
    [{ a: 1 }, 'got an object'],
    [() => 1, 'got a function'],
    [1n, 'got a bigint'],
    [Symbol('secret'), 'got a symbol'],
  ])('shows %o in words that fit on one line', (value, shown) => {
    const { message } = invalidOption('a.b', 'something', value)
    expect(message.endsWith(shown)).toBe(true)
    expect(message).not.toContain('\n')
  })

  it('does not repeat a long text, which may be a secret', () => {
    const { message } = invalidOption('a.b', 'a name', `${'s'.repeat(80)}!`)
    expect(message).toBe('option "a.b": expected a name, got a string of 81 characters')
    expect(invalidOption('a.b', 'a name', 's'.repeat(80)).message).toContain('s'.repeat(80))
  })
})

describe('optionsObject', () => {
  it('answers an object all of whose options are known', () => {
    const options = { one: 1 }
    expect(optionsObject<{ one?: number; two?: number }>('made', options, ['one', 'two'])).toBe(options)
    expect(optionsObject('made', {}, [])).toEqual({})
  })

  it('refuses an option that is not known, and says which are', () => {
    expect(() => optionsObject<object>('made', { on: 1 }, ['one', 'two'] as never[])).toThrow(
      'option "made.on" is unknown; known: one, two',
    )
  })

  it.each([undefined, null, 'text', 1, [[]]])('refuses %o where options are expected', (value) => {
    expect(() => optionsObject('made', value as object, [])).toThrow('option "made": expected an object, got')
  })
})

describe('integerOption', () => {
  it.each([1, 7, 10])('takes %d of 1 to 10', (value) => {
    expect(integerOption('made.count', value, 1, 10)).toBe(value)
  })

  it.each([0, 11, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, 5n])(
    'refuses %o of 1 to 10',
    (value) => {
      expect(() => integerOption('made.count', value, 1, 10)).toThrow(
        'option "made.count": expected an integer from 1 to 10, got',
      )
    },
  )
})

describe('durationOption', () => {
  it.each([1, 1.5, LONGEST_TIMER])('takes %d ms', (value) => {
    expect(durationOption('made.waitMs', value, 1, 'finite')).toBe(value)
  })

  it.each([0, -1, 0.5, LONGEST_TIMER + 1, Number.NaN, Number.POSITIVE_INFINITY, '5', null])(
    'refuses %o ms',
    (value) => {
      expect(() => durationOption('made.waitMs', value, 1, 'finite')).toThrow(
        /^option "made\.waitMs": expected milliseconds from 1 to 2147483647, got/,
      )
    },
  )

  it('takes Infinity only where there may be no limit', () => {
    expect(durationOption('made.waitMs', Number.POSITIVE_INFINITY, 1, 'or-never')).toBe(
      Number.POSITIVE_INFINITY,
    )
    expect(() => durationOption('made.waitMs', Number.NEGATIVE_INFINITY, 1, 'or-never')).toThrow(
      'option "made.waitMs": expected milliseconds from 1 to 2147483647, or Infinity, got -Infinity',
    )
  })
})

describe('choiceOption', () => {
  it('takes one of its words', () => {
    expect(choiceOption('made.mode', 'slow', ['fast', 'slow'])).toBe('slow')
  })

  it.each(['Slow', '', undefined, null, ['slow']])('refuses %o and says which words there are', (value) => {
    expect(() => choiceOption('made.mode', value, ['fast', 'slow'])).toThrow(
      `option "made.mode": expected 'fast' or 'slow', got`,
    )
  })
})

describe('functionOption', () => {
  it('takes a function and nothing else', () => {
    expect(functionOption('made.random', Math.random)).toBe(Math.random)
    expect(() => functionOption('made.random', 'Math.random' as never)).toThrow(
      'option "made.random": expected a function, got "Math.random"',
    )
  })
})

describe('contractOption', () => {
  interface Door {
    open(): void
    shut(): void
  }

  it('takes an object that has the methods, its own or those of its class', () => {
    class Gate implements Door {
      open(): void {}
      shut(): void {}
    }
    const [gate, door] = [new Gate(), { open: () => undefined, shut: () => undefined }]
    expect(contractOption<Door>('made.door', gate, 'Door', ['open', 'shut'])).toBe(gate)
    expect(contractOption<Door>('made.door', door, 'Door', ['open', 'shut'])).toBe(door)
  })

  it.each([
    undefined,
    null,
    'door',
    { open: (): void => undefined },
    { open: (): void => undefined, shut: true },
  ])('refuses %o and says what is missing', (value) => {
    expect(() => contractOption<Door>('made.door', value as never, 'Door', ['open', 'shut'])).toThrow(
      'option "made.door": expected a Door (an object with open(), shut()), got',
    )
  })
})
