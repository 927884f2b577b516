import assert from 'node:assert/strict'
import type { TableSnapshots } from '../table/capabilities.ts'
import { bound, type CapabilityCases, fill, MANY } from './table-capability-case.ts'

export const snapshotCases: CapabilityCases<'TableSnapshots'> = (it) => {
  it('fills another table with what was saved', async (table, _advance, other) => {
    await fill(table, MANY, (index) => `pod-${index % 3}`)
    await table.move('key-0', await bound(table, 'key-0'), 'pod-9')
    const pieces = await saved(table)
    const restored = await other()
    assert.equal(await restored.restore(pieces), MANY)
    for (let index = 0; index < MANY; index += 7) {
      const { version: _, expiresAt, ...binding } = await bound(table, `key-${index}`)
      const { version: __, expiresAt: itsEnd, ...its } = await bound(restored, `key-${index}`)
      assert.deepEqual(its, binding)
      assert.equal(itsEnd === Number.POSITIVE_INFINITY, expiresAt === Number.POSITIVE_INFINITY)
    }
    assert.equal(await restored.lookup('never bound'), undefined)
  })

  it('reads its bytes however they are cut', async (table, _advance, other) => {
    await fill(table, 10, () => 'pod-1')
    const bytes = Buffer.concat(await saved(table))
    const pieces = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))
    assert.equal(await (await other()).restore(pieces), 10)
  })

  it('restores nothing into a table that is not empty', async (table) => {
    await table.claim('a', 'pod-1')
    const pieces = await saved(table)
    await assert.rejects(async () => await table.restore(pieces), { code: 'table-not-empty' })
    assert.equal((await table.lookup('a'))?.identity, 'pod-1')
  })

  it('restores nothing of bytes that are altered or cut short', async (table, _advance, other) => {
    await fill(table, 10, () => 'pod-1')
    const bytes = Buffer.concat(await saved(table))
    const restored = await other()
    for (let at = 0; at < bytes.length; at += 13) {
      const altered = Buffer.from(bytes)
      altered[at] = (altered[at] as number) ^ 1
      await assert.rejects(async () => await restored.restore([altered]), { code: /^snapshot-/ })
      await assert.rejects(async () => await restored.restore([bytes.subarray(0, at)]), {
        code: 'snapshot-damaged',
      })
    }
    assert.equal(await restored.restore([bytes]), 10)
  })

  it('does nothing where its signal is aborted already', async (table, _advance, other) => {
    await table.claim('a', 'pod-1')
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    const isReason = (error: unknown) => error === reason
    await assert.rejects(async () => await saved(table, signal), isReason)
    const pieces = await saved(table)
    const restored = await other()
    await assert.rejects(async () => await restored.restore(pieces, { signal }), isReason)
    assert.equal(await restored.restore(pieces), 1)
  })
}

async function saved(table: TableSnapshots, signal?: AbortSignal): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of table.snapshot(signal && { signal })) pieces.push(piece)
  return pieces
}
