import type { Balancer } from '@limpet/core'

/** Places every key on the first endpoint that is left, so that a scenario knows who is tried first. */
export const inOrder: Balancer = {
  name: 'inOrder',
  pick: (set, context) => set.placeable.find((endpoint) => !context.skips(endpoint)),
}
