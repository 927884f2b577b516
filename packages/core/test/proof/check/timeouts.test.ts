import { describeLaw } from './describe-law.ts'
import { at } from './written-history.ts'

const { call, claimed, found, moved, view, fault } = at

describeLaw('ended-late', {
  breaks: [
    [
      'it stands more than a quarter too long',
      [claimed('g1', 100, 'v1', 'a'), found('g2', 1_400, 'v1', 'a')],
    ],
  ],
  keeps: [
    [
      'an outage held back what was written beside',
      [claimed('g1', 100, 'v1', 'a'), ...fault(105, 300), found('g2', 1_640, 'v1', 'a')],
    ],
    ['within the quarter', [claimed('g1', 100, 'v1', 'a'), found('g2', 1_350, 'v1', 'a')]],
    [
      'a use was written beside',
      [
        claimed('g1', 100, 'v1', 'a'),
        call('g1', 900, 'touch', { from: 'v1', version: 'v1', identity: 'a' }),
        found('g2', 1_400, 'v1', 'a'),
      ],
    ],
  ],
})

describeLaw('absolute', {
  breaks: [
    [
      'uses lengthen it',
      [
        claimed('g1', 100, 'v1', 'a'),
        ...Array.from({ length: 6 }, (_, n) => found('g1', 900 * (n + 1), 'v1', 'a')),
      ],
    ],
    [
      'a move starts it again',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        moved('g1', 900, 'v1', 'v2', 'b'),
        ...Array.from({ length: 5 }, (_, n) => found('g1', 900 * (n + 2), 'v2', 'b')),
      ],
    ],
  ],
  keeps: [
    [
      'it ends in time',
      [
        claimed('g1', 100, 'v1', 'a'),
        ...Array.from({ length: 5 }, (_, n) => found('g1', 900 * (n + 1), 'v1', 'a')),
      ],
    ],
  ],
})
