/** Cells grow by 8 bytes from class to class; the largest holds a stored key of 65 characters and its length. */
const CELL_STEP = 8
const CLASSES = 9
/** A place is the number of a cell within its class, and above it the class. */
const CLASS_SHIFT = 27
const CELL = 2 ** CLASS_SHIFT - 1

/**
 * Keys in clear, outside V8's heap: a cell holds the length of a key and its bytes, and cells of one size lie in segments of
 * their own, so that a freed cell fits the next key of its size. Free cells are threaded through their first four bytes.
 */
export class KeyCells {
  readonly #classes: CellClass[] = []

  constructor(segmentBits: number) {
    for (let size = 1; size <= CLASSES; size++)
      this.#classes.push(new CellClass(size * CELL_STEP, segmentBits))
  }

  /** Keeps a key of at most 71 latin1 characters; answers its place. */
  add(key: string): number {
    const cellClass = Math.floor(key.length / CELL_STEP)
    return (cellClass << CLASS_SHIFT) | (this.#classes[cellClass] as CellClass).add(key)
  }

  remove(place: number): void {
    this.#classOf(place).remove(place & CELL)
  }

  /** The key at a place. */
  at(place: number): string {
    return this.#classOf(place).at(place & CELL)
  }

  holds(place: number, key: string): boolean {
    return this.#classOf(place).holds(place & CELL, key)
  }

  #classOf(place: number): CellClass {
    return this.#classes[place >>> CLASS_SHIFT] as CellClass
  }
}

class CellClass {
  readonly #cellBytes: number
  readonly #shift: number
  readonly #mask: number
  readonly #segments: Buffer[] = []
  #free = 0
  #end = 1

  constructor(cellBytes: number, segmentBits: number) {
    this.#cellBytes = cellBytes
    this.#shift = segmentBits
    this.#mask = 2 ** segmentBits - 1
  }

  add(key: string): number {
    const cell = this.#take()
    const segment = this.#segments[cell >>> this.#shift] as Buffer
    const start = (cell & this.#mask) * this.#cellBytes
    segment[start] = key.length
    segment.write(key, start + 1, key.length, 'latin1')
    return cell
  }

  remove(cell: number): void {
    const segment = this.#segments[cell >>> this.#shift] as Buffer
    segment.writeUInt32LE(this.#free, (cell & this.#mask) * this.#cellBytes)
    this.#free = cell
  }

  at(cell: number): string {
    const segment = this.#segments[cell >>> this.#shift] as Buffer
    const start = (cell & this.#mask) * this.#cellBytes
    return segment.toString('latin1', start + 1, start + 1 + (segment[start] as number))
  }

  holds(cell: number, key: string): boolean {
    const segment = this.#segments[cell >>> this.#shift] as Buffer
    const start = (cell & this.#mask) * this.#cellBytes
    const { length } = key
    if (segment[start] !== length) return false
    for (let at = 0; at < length; at++) if (segment[start + 1 + at] !== key.charCodeAt(at)) return false
    return true
  }

  #take(): number {
    const cell = this.#free
    if (cell !== 0) {
      const segment = this.#segments[cell >>> this.#shift] as Buffer
      this.#free = segment.readUInt32LE((cell & this.#mask) * this.#cellBytes)
      return cell
    }
    if (this.#end >>> this.#shift === this.#segments.length) {
      this.#segments.push(Buffer.from(new ArrayBuffer(this.#cellBytes * 2 ** this.#shift)))
    }
    return this.#end++
  }
}
