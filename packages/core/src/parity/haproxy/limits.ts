/** A bound on what a config may make us hold; 5,000 endpoints are the most that Limpet is measured with. */
export const MAX_SERVERS = 10_000

/** So that a row of attempts has an end. */
export const MAX_RETRIES = 1000

/** Two numbers of four bytes are held for each node; 5,000 servers of weight 100 have nearly as many. */
export const MAX_NODES: number = 2 ** 23
