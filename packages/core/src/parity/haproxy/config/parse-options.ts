/**
 * How `haproxyHash.parse` reads a config.
 *
 * @public
 */
export interface HaproxyParseOptions {
  /** Name of the `backend` or `listen` section to read. Default: the only one of the text; several without this option are refused. */
  readonly backend?: string | undefined
  /**
   * What becomes of servers with a host name as their address. Default `refuse`; `single` says that each has one address at a time, so
   * that it is one server. A name that would be hashed is always refused.
   */
  readonly hostNames?: 'refuse' | 'single' | undefined
  /** As `HaproxyHashOptions.idMode`: the text does not say of which version of HAProxy it is. Default `classic`. */
  readonly idMode?: 'classic' | '3.0-regression' | undefined
}
