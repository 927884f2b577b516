import { describeLaw } from './describe-law.ts'
import { at } from './written-history.ts'

const { call, claimed, found, moved, view, fault } = at

describeLaw('one-winner', {
  breaks: [
    [
      'two claims at the same time both made one',
      [claimed('g1', 100, 'v1', 'a'), claimed('g2', 105, 'v2', 'a')],
    ],
    ['a version was answered that nobody made', [found('g1', 100, 'v1', 'a')]],
  ],
  keeps: [
    [
      'one of two claims made it',
      [
        claimed('g1', 100, 'v1', 'a'),
        call('g2', 105, 'claim', { version: 'v1', identity: 'a', made: false }),
      ],
    ],
    [
      'the claim that made it was not answered',
      [call('g1', 100, 'claim', { candidate: 'a', error: 'late' }), found('g2', 300, 'v1', 'a')],
    ],
    [
      'the table forgot the first',
      [
        claimed('g1', 100, 'v1', 'a'),
        ...fault(112, 150, { forgetsMs: 1_000 }),
        claimed('g2', 160, 'v2', 'a'),
      ],
    ],
  ],
})

describeLaw('ended-early', {
  breaks: [
    [
      'a use in its extra quarter that was seen to have lengthened it',
      [
        claimed('g1', 100, 'v1', 'a'),
        found('g1', 1_340, 'v1', 'a'),
        found('g1', 1_400, 'v1', 'a'),
        claimed('g2', 1_600, 'v2', 'a'),
      ],
    ],

    [
      'a use in its last moments, but for one before that had to be written',
      [
        claimed('g1', 100, 'v1', 'a'),
        found('g1', 500, 'v1', 'a'),
        found('g1', 1_350, 'v1', 'a'),
        claimed('g2', 1_370, 'v2', 'a'),
      ],
    ],
    [
      'a key is bound anew before its idle timeout',
      [claimed('g1', 100, 'v1', 'a'), found('g1', 900, 'v1', 'a'), claimed('g2', 1_500, 'v2', 'a')],
    ],
    [
      'also during an outage without loss of memory',
      [claimed('g1', 100, 'v1', 'a'), ...fault(150, 200), claimed('g2', 400, 'v2', 'a')],
    ],
  ],
  keeps: [
    [
      'the same, after a use in an outage that may not have been written',
      [
        claimed('g1', 100, 'v1', 'a'),
        ...fault(400, 420, { gateways: ['g2'] }),
        found('g2', 450, 'v1', 'a'),
        found('g1', 1_350, 'v1', 'a'),
        claimed('g2', 1_370, 'v2', 'a'),
      ],
    ],
    [
      'it was found in the last moments of its extra quarter, and the use came too late',
      [claimed('g1', 100, 'v1', 'a'), found('g1', 1_350, 'v1', 'a'), claimed('g2', 1_370, 'v2', 'a')],
    ],
    [
      'the same, after a use that need not be written',
      [
        claimed('g1', 100, 'v1', 'a'),
        found('g1', 300, 'v1', 'a'),
        found('g1', 1_350, 'v1', 'a'),
        claimed('g2', 1_370, 'v2', 'a'),
      ],
    ],
    [
      'its use fell into an outage of its gateway',
      [
        claimed('g1', 100, 'v1', 'a'),
        ...fault(800, 850, { gateways: ['g1'] }),
        found('g1', 900, 'v1', 'a'),
        claimed('g2', 1_500, 'v2', 'a'),
      ],
    ],

    ['its idle timeout is over', [claimed('g1', 100, 'v1', 'a'), claimed('g2', 1_100, 'v2', 'a')]],
    [
      'it was released',
      [
        claimed('g1', 100, 'v1', 'a'),
        call('g1', 200, 'release', { from: 'v1', made: true }),
        claimed('g2', 400, 'v2', 'a'),
      ],
    ],
    [
      'its absolute timeout is over',
      [
        claimed('g1', 100, 'v1', 'a'),
        ...[900, 1_800, 2_700, 3_600, 4_500].map((since) => found('g1', since, 'v1', 'a')),
        claimed('g2', 5_100, 'v2', 'a'),
      ],
    ],
  ],
})

describeLaw('one-new-home', {
  breaks: [
    [
      'two moves replaced the same binding',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        view('g2', 200, 'b'),
        moved('g1', 210, 'v1', 'v2', 'b'),
        moved('g2', 212, 'v1', 'v3', 'b'),
      ],
    ],
  ],
  keeps: [
    [
      'one move did, and the other was told',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        view('g2', 200, 'b'),
        moved('g1', 210, 'v1', 'v2', 'b'),
        call('g2', 212, 'move', {
          from: 'v1',
          candidate: 'b',
          version: 'v2',
          identity: 'b',
          made: false,
        }),
      ],
    ],
    [
      'a move met a key whose binding had ended',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        moved('g1', 210, 'v1', 'v2', 'b'),
        moved('g1', 1_400, 'v1', 'v3', 'b'),
      ],
    ],
    [
      'of two calls at the same time the one that was answered last may have been the first',
      [
        claimed('g1', 100, 'v1', 'a'),
        ...[900, 1_800, 2_700, 3_600, 4_500].map((since) => found('g1', since, 'v1', 'a')),
        view('g1', 5_000, 'b'),
        claimed('g2', 5_099, 'v3', 'a'),
        { ...moved('g1', 5_095, 'v1', 'v2', 'b'), at: 5_120 },
      ],
    ],
  ],
})
