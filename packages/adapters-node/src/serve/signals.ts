/** Listens for signals of the process until the function that it answers is called. */
export function onSignals(
  signals: readonly NodeJS.Signals[],
  first: () => void,
  again: () => void,
): () => void {
  let isFirst = true
  const listener = () => {
    if (!isFirst) return again()
    isFirst = false
    first()
  }
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.off(signal, listener)
  }
}
