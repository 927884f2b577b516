import { describeLaw } from './describe-law.ts'
import { at } from './written-history.ts'

const { claimed, fault, found, moved, route, view } = at

describeLaw('divergence', {
  breaks: [
    ['it went elsewhere', [claimed('g1', 100, 'v1', 'a'), route('g2', 200, 'stuck', 'b')]],
    [
      'it went where the key was bound too long ago',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        moved('g1', 210, 'v1', 'v2', 'b'),
        route('g2', 250, 'stuck', 'a'),
      ],
    ],
    ['the table was not away', [route('g1', 100, 'fallback', 'a')]],
    [
      'the outage was of another gateway',
      [...fault(90, 120, { gateways: ['g2'] }), route('g1', 100, 'fallback', 'a')],
    ],
    ['a request was refused', [{ ...route('g1', 100, 'refused', 'a'), reason: 'no-endpoints' }]],
    ['a detour without loss', [claimed('g1', 50, 'v1', 'a'), route('g1', 100, 'detour', 'b', { from: 'a' })]],
  ],
  keeps: [
    [
      'the table has forgotten the move, and is as before',
      [
        claimed('g1', 50, 'v1', 'a'),
        view('g1', 90, 'b'),
        moved('g1', 100, 'v1', 'v2', 'b'),
        ...fault(112, 150, { forgetsMs: 50 }),
        view('g1', 200, 'a', 'b'),
        found('g1', 300, 'v1', 'a'),
        route('g1', 300, 'stuck', 'a'),
      ],
    ],

    [
      'within the bound of staleness',
      [
        claimed('g1', 100, 'v1', 'a'),
        view('g1', 200, 'b'),
        moved('g1', 210, 'v1', 'v2', 'b'),
        route('g2', 235, 'stuck', 'a'),
      ],
    ],
    [
      'in a declared outage, and until it has settled',
      [...fault(90, 120), route('g1', 100, 'fallback', 'a'), route('g1', 215, 'fallback', 'a')],
    ],
    [
      'a detour from an endpoint that is lost',
      [claimed('g1', 50, 'v1', 'a'), view('g1', 90, 'b'), route('g1', 100, 'detour', 'b', { from: 'a' })],
    ],
  ],
})
