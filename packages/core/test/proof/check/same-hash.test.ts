import { describeLaw } from './describe-law.ts'
import { at } from './written-history.ts'

const { claimed, route, view, fault } = at

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
    [
      'a gateway offers what it served while the table was away',
      [
        claimed('g1', 100, 'v1', 'a'),
        ...fault(112, 150, { forgetsMs: 1_000 }),
        route('g2', 120, 'fallback', 'b'),
        claimed('g2', 160, 'v2', 'b'),
      ],
    ],
  ],
})
