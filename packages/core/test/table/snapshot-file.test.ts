import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryTable } from '../../src/table/memory.ts'
import { loadTable, saveTable } from '../../src/table/snapshot-file.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'limpet-table-'))
  folders.push(path)
  return path
}

function filled(count: number) {
  const table = memoryTable()
  for (let index = 0; index < count; index++) table.claim(`key-${index}`, 'pod-1')
  return table
}

describe('saveTable and loadTable', () => {
  it('bring a table over a restart', async () => {
    const path = join(folder(), 'table')
    await saveTable(filled(3_000), path)
    const table = memoryTable()
    expect(await loadTable(table, path)).toBe(3_000)
    expect(table.lookup('key-2999')?.identity).toBe('pod-1')
  })

  it('make a file for its owner alone, whatever the umask and whatever was there', async () => {
    const path = join(folder(), 'table')
    writeFileSync(path, 'old')
    chmodSync(path, 0o644)
    const before = process.umask(0)
    try {
      await saveTable(filled(1), path)
    } finally {
      process.umask(before)
    }
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('make it so from the first byte on', async () => {
    const home = folder()
    const modes: number[] = []
    await saveTable(filled(5_000), join(home, 'table'), {
      onProgress() {
        for (const name of readdirSync(home)) modes.push(statSync(join(home, name)).mode & 0o777)
      },
    })
    expect(new Set(modes)).toEqual(new Set([0o600]))
  })

  it('keep the old file, and leave nothing else, when saving fails', async () => {
    const home = folder()
    const path = join(home, 'table')
    await saveTable(filled(2), path)
    const old = readFileSync(path)
    const abort = new AbortController()
    const saving = saveTable(filled(5_000), path, { signal: abort.signal, onProgress: () => abort.abort() })
    await expect(saving).rejects.toMatchObject({ name: 'AbortError' })
    expect(readdirSync(home)).toEqual(['table'])
    expect(readFileSync(path)).toEqual(old)
  })

  it('leave nothing where the file cannot stand', async () => {
    const home = folder()
    mkdirSync(join(home, 'table'))
    await expect(saveTable(filled(1), join(home, 'table'))).rejects.toThrow()
    expect(readdirSync(home)).toEqual(['table'])
    await expect(saveTable(filled(1), join(home, 'none', 'table'))).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('tell a missing file from a damaged one', async () => {
    const path = join(folder(), 'table')
    await expect(loadTable(memoryTable(), path)).rejects.toMatchObject({ code: 'ENOENT' })
    await saveTable(filled(100), path)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.subarray(0, bytes.length - 1))
    const table = memoryTable()
    await expect(loadTable(table, path)).rejects.toMatchObject({ code: 'snapshot-damaged' })
    expect(table.size).toBe(0)
  })
})
