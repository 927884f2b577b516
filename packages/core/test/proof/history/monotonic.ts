/** Now, in milliseconds of the monotonic clock that all processes of this machine share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}
