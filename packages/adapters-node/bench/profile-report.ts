import { CORE, LAYERS, type Layer } from './layers.ts'
import type { LayerProfile } from './profile.ts'
import { table } from './table.ts'

const MOST_CORE_SHARE = 0.05

/** Every layer's share of a request, in markdown. */
export function profileReport(asItRuns: LayerProfile, withoutInlining: LayerProfile): string {
  const both = [asItRuns, withoutInlining]
  const row = (name: string, layers: readonly Layer[]) => [
    name,
    ...both.flatMap((profile) => {
      const share = layers.reduce((sum, layer) => sum + (profile.shares.get(layer) ?? 0), 0)
      return [percent(share), (share * profile.cpuPerRequest).toFixed(2)]
    }),
  ]
  const rows = (Object.keys(LAYERS) as Layer[]).map((layer) => row(LAYERS[layer], [layer]))
  return [
    '## CPU profile of forward(), small responses',
    table(
      ['layer', 'share', 'us/request', 'share, nothing inlined', 'us/request, nothing inlined'],
      [...rows, row('core, all of it', CORE)],
    ),
    both
      .map(({ samples, intervalUs, cpuPerRequest }) => {
        return `${samples} samples, one each ${intervalUs} us, of ${cpuPerRequest.toFixed(1)} us/request`
      })
      .join('; nothing inlined: '),
  ].join('\n\n')
}

/** Whether core's share is as small as it should be, even with nothing inlined. */
export function coreTarget(asItRuns: LayerProfile, withoutInlining: LayerProfile): string {
  const shares = [asItRuns, withoutInlining].map(({ shares }) =>
    CORE.reduce((sum, layer) => sum + (shares.get(layer) ?? 0), 0),
  )
  const isMet = Math.max(...shares) <= MOST_CORE_SHARE
  const goal = `core at most ${percent(MOST_CORE_SHARE)} of a small request`
  return `${isMet ? '✓' : '✗ MISSED'} ${goal}: ${shares.map(percent).join(', with nothing inlined ')}`
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`
}
