/** What a `tcpFaultProxy` does to bytes and connections while the fault is set. */
export type Fault =
  /** Passes everything on at once. */
  | { readonly kind: 'pass' }
  /** New connections are refused; those that are open go on. */
  | { readonly kind: 'refuse' }
  /**
   * Connections are accepted, what is sent is swallowed (by default both ways), and nothing is closed, as behind a firewall that
   * drops packets. A connection that lost bytes is reset when the fault is over, since TCP never leaves bytes out.
   */
  | { readonly kind: 'blackhole'; readonly way?: Way }
  /**
   * What is sent is held back (by default both ways) and comes when the fault is over, as after a short partition, when the kernel
   * sends again: a claim may arrive after its caller gave up. Ends of connections are held back, too.
   */
  | { readonly kind: 'stall'; readonly way?: Way }
  /** Each piece comes `ms` milliseconds later, and up to `jitterMs` (default 0) more; the order is kept. */
  | { readonly kind: 'delay'; readonly ms: number; readonly jitterMs?: number }
  /** Each way of each connection lets this many bytes pass in a second. */
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Each connection is reset after this many bytes of replies, counted from when the fault was set. */
  | { readonly kind: 'cutAfter'; readonly replyBytes: number }

export type Way = 'toServer' | 'toClient' | 'both'

/** What a fault does to one piece that goes one way. */
export type Treatment =
  | { readonly kind: 'pass' }
  | { readonly kind: 'swallow' }
  | { readonly kind: 'hold' }
  | { readonly kind: 'later'; readonly ms: number; readonly jitterMs: number }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  | { readonly kind: 'cut'; readonly after: number }

/** The part of a fault that concerns one way. */
export function treatmentOf(fault: Fault, way: Exclude<Way, 'both'>): Treatment {
  switch (fault.kind) {
    case 'pass':
    case 'refuse':
      return { kind: 'pass' }
    case 'blackhole':
    case 'stall': {
      const { way: concerned = 'both' } = fault
      if (concerned !== 'both' && concerned !== way) return { kind: 'pass' }
      return { kind: fault.kind === 'stall' ? 'hold' : 'swallow' }
    }
    case 'delay':
      return { kind: 'later', ms: fault.ms, jitterMs: fault.jitterMs ?? 0 }
    case 'slow':
      return { kind: 'slow', bytesPerSecond: fault.bytesPerSecond }
    case 'cutAfter':
      return way === 'toClient' ? { kind: 'cut', after: fault.replyBytes } : { kind: 'pass' }
  }
}
