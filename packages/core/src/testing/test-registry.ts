/**
 * How a conformance suite registers its cases: `describe` and `it` of vitest, `node:test`, mocha or any runner of that
 * shape.
 *
 * @public
 */
export interface TestRegistry {
  describe(name: string, cases: () => void): unknown
  it(name: string, run: () => void | Promise<void>): unknown
}
