/** Keywords of a `backend` or `listen` section that the mapping does not depend on (HAProxy 2.0 to 3.5). */
export const IGNORED_KEYWORDS: ReadonlySet<string> = new Set(
  (
    'acl backlog be-unpublished bind bind-process capture clitcpka-cnt clitcpka-idle clitcpka-intvl compression declare ' +
    'description dynamic-cookie-key email-alert error-log-format errorfile errorfiles errorloc errorloc302 errorloc303 ' +
    'external-check filter filter-sequence force-be-switch fullconn guid http-after-response http-check http-error ' +
    'http-request http-response http-reuse http-send-name-header id ignore-persist load-server-state-from-file log log-format ' +
    'log-format-sd log-steps log-tag max-keep-alive-queue max-session-srv-conns maxconn monitor monitor-net monitor-uri ' +
    'quic-initial rate-limit redirect server-state-file-name source srvtcpka-cnt srvtcpka-idle srvtcpka-intvl ssl-f-use stats ' +
    'stick-table tcp-check tcp-request tcp-response timeout unique-id-format use-fcgi-app'
  ).split(' '),
)

/** The same for what stands behind `option`. */
export const IGNORED_OPTIONS: ReadonlySet<string> = new Set(
  (
    'abortonclose accept-invalid-http-request accept-invalid-http-response accept-unsafe-violations-in-http-request ' +
    'accept-unsafe-violations-in-http-response assume-rfc6587-ntf checkcache clitcpka contstats disable-h2-upgrade ' +
    'dont-parse-log dontlog-normal dontlognull external-check forceclose h1-case-adjust-bogus-client ' +
    'h1-case-adjust-bogus-server http-buffer-request http-drop-request-trailers http-drop-response-trailers ' +
    'http-ignore-probes http-keep-alive http-no-delay http-pretend-keepalive http-restrict-req-hdr-names http-server-close ' +
    'http-tunnel http-use-htx http-use-proxy-header httpchk httpclose httplog httpslog idle-close-on-response ' +
    'independant-streams independent-streams ldap-check log-health-checks log-separate-errors logasap mysql-check nolinger ' +
    'persist pgsql-check prefer-last-server redis-check smtpchk socket-stats splice-auto splice-request splice-response ' +
    'spop-check srvtcpka ssl-hello-chk tcp-check tcp-smart-accept tcp-smart-connect tcpka tcplog use-small-buffers'
  ).split(' '),
)
