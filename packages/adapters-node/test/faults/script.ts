/** One thing that a scripted pod does with a connection. After the last one it reads on and says nothing. */
export type Step =
  /** Waits until that much of the next request is here. */
  | { readonly do: 'read'; readonly until: 'first byte' | 'head' | 'request' }
  /** Reads the next request whole and answers it well; an upgrade becomes a stream that echoes. */
  | { readonly do: 'serve'; readonly times: 'once' | 'always' }
  /** Sends these bytes (latin1). */
  | { readonly do: 'send'; readonly bytes: string }
  /** Goes on when the test says so: at its own moment, or once the client has seen the head of the answer. */
  | { readonly do: 'wait'; readonly for: 'word' | 'client' }
  /** Reads no further byte. */
  | { readonly do: 'stop reading' }
  /** Ends its own side (FIN) and reads on. */
  | { readonly do: 'half-close' }
  /** Closes the socket: FIN, or RST if bytes are left unread. */
  | { readonly do: 'close' }
  /** RST. */
  | { readonly do: 'reset' }

/** What a port does with its first connection, and with every later one. */
export interface Script {
  readonly first: readonly Step[]
  readonly later: readonly Step[]
}

/** What the test asks of a pod's process. Everything but `listen` is about the port with this id. */
export type Order =
  | {
      readonly order: 'listen'
      readonly id: number
      readonly name: string
      readonly host: string
      readonly port: number
      readonly backlog: number
      readonly script: Script
    }
  /** Every `wait`, the present one and later ones, goes on. */
  | { readonly order: 'go'; readonly id: number }
  /** Stops listening; connections stay. */
  | { readonly order: 'unlisten'; readonly id: number }
  /** Asks for a `count` once no connection is left. */
  | { readonly order: 'count'; readonly id: number }

/** What a pod's process tells the test, as it happens. */
export type Report =
  | { readonly report: 'listening'; readonly id: number; readonly port: number }
  | { readonly report: 'unlistened'; readonly id: number }
  /** The head of a request is complete. */
  | { readonly report: 'head'; readonly id: number }
  | { readonly report: 'waiting'; readonly id: number; readonly for: 'word' | 'client' }
  /** A connection is closed by both sides. */
  | { readonly report: 'closed'; readonly id: number }
  /** `bodyBytes` counts what came behind heads; `streamBytes` what came after a switch of protocols. */
  | {
      readonly report: 'count'
      readonly id: number
      readonly bodyBytes: number
      readonly streamBytes: number
    }
