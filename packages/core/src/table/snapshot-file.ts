import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SliceOptions, TableSnapshots } from './capabilities.ts'

/** Its owner may read and write it, nobody else: a saved table tells of the keys it knows. */
const OWNER_ONLY = 0o600

/**
 * Saves a table to a file, which only its owner may read, from its creation on. An earlier file is replaced at once and
 * whole, when the new one is complete and on disk: neither a failure nor a lost machine leaves half a file at `path`.
 *
 * Throws what the file system or the table throws; nothing is left behind then.
 *
 * @public
 */
export async function saveTable(table: TableSnapshots, path: string, options?: SliceOptions): Promise<void> {
  // Next to the file, since a rename is atomic only within one file system; a new name, since two may save at once.
  const unfinished = `${path}.${randomUUID()}.tmp`
  try {
    const file = await open(unfinished, 'wx', OWNER_ONLY)
    try {
      for await (const piece of table.snapshot(options)) await file.writeFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/**
 * Fills an empty table from a file that {@link saveTable} wrote; resolves with the number of bindings.
 *
 * @throws StickyError `snapshot-damaged`, `snapshot-version`, `table-not-empty`; the error of the file system, if there is
 *   no such file or it cannot be read. The table is empty then.
 * @public
 */
export async function loadTable(
  table: TableSnapshots,
  path: string,
  options?: SliceOptions,
): Promise<number> {
  const file = await open(path, 'r')
  try {
    return await table.restore(file.createReadStream({ autoClose: false, highWaterMark: 2 ** 18 }), options)
  } finally {
    await file.close()
  }
}

/** A rename is on disk when its directory is. Windows has no such thing, and refuses to open one. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
