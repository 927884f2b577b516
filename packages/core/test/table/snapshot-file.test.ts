import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TableSnapshots } from '../../src/table/capabilities.ts'
import { type MemoryTable, memoryTable } from '../../src/table/memory.ts'
import { loadTable, saveTable } from '../../src/table/snapshot-file.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limpet-'))
  path = join(folder, 'table')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

function filled(count: number, identity = 'web-0'): MemoryTable {
  const table = memoryTable()
  for (let index = 0; index < count; index++) table.claim(`key-${index}`, identity)
  return table
}

/** A table whose snapshot gives some pieces, between which something is done, and perhaps fails. */
function saving(pieces: readonly string[], between: () => Promise<void>, failure?: Error): TableSnapshots {
  return {
    async *snapshot() {
      for (const piece of pieces) {
        yield Buffer.from(piece)
        await between()
      }
      if (failure) throw failure
    },
    restore: () => Promise.reject(new Error('not asked for')),
  }
}

describe('saveTable and loadTable', () => {
  it('bring a table back', async () => {
    await saveTable(filled(5_000), path)
    const table = memoryTable()
    expect(await loadTable(table, path)).toBe(5_000)
    expect(table.counts()).toEqual(new Map([['web-0', 5_000]]))
    expect(table.lookup('key-4999')?.identity).toBe('web-0')
    expect(await readdir(folder)).toEqual(['table'])
  })

  it('bring back a table of many pieces, larger than a piece that is read', async () => {
    await saveTable(filled(20_000), path)
    expect((await stat(path)).size).toBeGreaterThan(2 ** 19)
    const progress: number[] = []
    expect(await loadTable(memoryTable(), path, { onProgress: ({ done }) => progress.push(done) })).toBe(
      20_000,
    )
    expect(progress.at(-1)).toBe(20_000)
    expect(progress.length).toBeGreaterThan(5)
  })

  it.skipIf(process.platform === 'win32')(
    'keep others from reading the file, from its first byte on',
    async () => {
      const modes: number[] = []
      const look = async () => {
        for (const name of await readdir(folder)) modes.push((await stat(join(folder, name))).mode & 0o777)
      }
      const umask = process.umask(0)
      try {
        await saveTable(saving(['a', 'b'], look), path)
        await look()
      } finally {
        process.umask(umask)
      }
      expect(modes).toEqual([0o600, 0o600, 0o600])
    },
  )

  it.skipIf(process.platform === 'win32')('do not leave the mode of a file that is replaced', async () => {
    await writeFile(path, 'open to all', { mode: 0o666 })
    await saveTable(filled(1), path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('replace a file only when the new one is whole', async () => {
    await writeFile(path, 'former')
    const seen: string[] = []
    await saveTable(
      saving(['new ', 'whole'], async () => {
        seen.push(await readFile(path, 'utf8'))
      }),
      path,
    )
    expect(seen).toEqual(['former', 'former'])
    expect(await readFile(path, 'utf8')).toBe('new whole')
    expect(await readdir(folder)).toEqual(['table'])
  })

  it('leave the former file and nothing else when the table fails', async () => {
    await writeFile(path, 'former')
    const failure = new Error('the table failed')
    await expect(
      saveTable(
        saving(['half'], async () => undefined, failure),
        path,
      ),
    ).rejects.toBe(failure)
    expect(await readdir(folder)).toEqual(['table'])
    expect(await readFile(path, 'utf8')).toBe('former')
  })

  it('leave nothing when a signal ends the saving', async () => {
    const reason = new Error('enough')
    const abort = new AbortController()
    const onProgress = () => abort.abort(reason)
    await expect(saveTable(filled(5_000), path, { signal: abort.signal, onProgress })).rejects.toBe(reason)
    expect(await readdir(folder)).toEqual([])
  })

  it('leave nothing when the file cannot take its place', async () => {
    const busy = join(folder, 'busy')
    await saveTable(filled(1), join(folder, 'other'))
    await mkdir(join(busy, 'full'), { recursive: true })
    await expect(saveTable(filled(1), busy)).rejects.toThrow()
    expect((await readdir(folder)).sort()).toEqual(['busy', 'other'])
  })

  it('pass on the error of the file system', async () => {
    await expect(saveTable(filled(1), join(folder, 'none', 'table'))).rejects.toMatchObject({
      code: 'ENOENT',
    })
    const table = memoryTable()
    await expect(loadTable(table, path)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(loadTable(table, folder)).rejects.toMatchObject({ code: 'EISDIR' })
    expect(table.size).toBe(0)
    expect(table.claim('a', 'web-0').created).toBe(true)
  })

  it('may save two at once: one of them stands, whole', async () => {
    await Promise.all([saveTable(filled(3_000, 'web-1'), path), saveTable(filled(4_000, 'web-2'), path)])
    const table = memoryTable()
    const count = await loadTable(table, path)
    expect(table.counts()).toEqual(new Map([count === 3_000 ? ['web-1', 3_000] : ['web-2', 4_000]]))
    expect(await readdir(folder)).toEqual(['table'])
  })

  it('refuse a file that was altered or cut short, and leave the table empty', async () => {
    await saveTable(filled(5_000), path)
    const bytes = await readFile(path)
    const altered = Buffer.from(bytes)
    altered[bytes.length >> 1] = (altered[bytes.length >> 1] as number) ^ 1
    for (const wrong of [bytes.subarray(0, -1), altered, Buffer.alloc(0)]) {
      await writeFile(path, wrong)
      const table = memoryTable()
      await expect(loadTable(table, path)).rejects.toMatchObject({ code: 'snapshot-damaged' })
      expect(table.size).toBe(0)
    }
    await writeFile(path, bytes)
    const bound = filled(1)
    await expect(loadTable(bound, path)).rejects.toMatchObject({ code: 'table-not-empty' })
    expect(bound.size).toBe(1)
  })

  it.skipIf(process.platform === 'win32')('replace a link, and leave alone what it leads to', async () => {
    const target = join(folder, 'target')
    await writeFile(target, 'untouched')
    await symlink(target, path)
    await saveTable(filled(1), path)
    expect(await readFile(target, 'utf8')).toBe('untouched')
    expect(await loadTable(memoryTable(), path)).toBe(1)
  })
})
