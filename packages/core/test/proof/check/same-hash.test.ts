import { describeLaw } from './describe-law.ts'
import { at } from './written-history.ts'

const { claimed, view, fault } = at

describeLaw('other-hash', {
  breaks: [
    [
      'two claims of one view differ',
      [
        claimed('g1', 100, 'v1', 'a'),
        ...fault(112, 150, { forgetsMs: 1_000 }),
        claimed('g2', 160, 'v2', 'b'),
      ],
    ],
  ],
  keeps: [
    [
      'their views differ',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g2', 112, 'b'),
        ...fault(113, 150, { forgetsMs: 1_000 }),
        claimed('g2', 160, 'v2', 'b'),
      ],
    ],
  ],
})
