import { describeLaw } from './describe-law.ts'
import { at } from './written-history.ts'

const { claimed, moved, route, view, fault } = at

describeLaw('needless-move', {
  breaks: [
    ['its endpoint was there', [claimed('g1', 100, 'v1', 'a'), moved('g1', 210, 'v1', 'v2', 'b')]],
    [
      'another gateway had lost it',
      [claimed('g1', 100, 'v1', 'a'), view('g2', 200, 'b'), moved('g1', 210, 'v1', 'v2', 'b')],
    ],
    [
      'an outage of the table is no reason',
      [claimed('g1', 100, 'v1', 'a'), ...fault(150, 205), moved('g1', 210, 'v1', 'v2', 'b')],
    ],
    [
      'it was back when the request began',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        view('g1', 300, 'a', 'b'),
        moved('g1', 310, 'v1', 'v2', 'b'),
      ],
    ],
  ],
  keeps: [
    [
      'its endpoint was gone',
      [claimed('g1', 100, 'v1', 'a'), view('g1', 200, 'b'), moved('g1', 210, 'v1', 'v2', 'b')],
    ],
    [
      'the request could not connect there',
      [
        claimed('g1', 100, 'v1', 'a'),
        { ...moved('g1', 210, 'v1', 'v2', 'b'), id: 205 },
        route('g1', 205, 'moved', 'b', { tried: ['a'], at: 230 }),
      ],
    ],
  ],
})

describeLaw('ping-pong', {
  breaks: [
    [
      'it moved there and back',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        moved('g1', 210, 'v1', 'v2', 'b'),
        view('g2', 300, 'a'),
        moved('g2', 400, 'v2', 'v3', 'a'),
      ],
    ],
  ],
  keeps: [
    [
      'the first met a binding that had ended, and bound the key anew',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        moved('g1', 1_210, 'v1', 'v2', 'b'),
        view('g2', 1_300, 'a'),
        moved('g2', 1_400, 'v2', 'v3', 'a'),
      ],
    ],

    [
      'after the interval',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        moved('g1', 210, 'v1', 'v2', 'b'),
        view('g2', 300, 'a'),
        moved('g2', 710, 'v2', 'v3', 'a'),
      ],
    ],
  ],
})
