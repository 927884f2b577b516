import { it } from 'vitest'
import { FRAME, frame, rstFrame, settingsFrame, END_HEADERS } from '../../http2/support/frames.ts'
import { startScene } from '../scene.ts'
import { Http2Attacker, requestFrame } from './http2-attacker.ts'

const floods: [string, (n: number) => Buffer[]][] = [
  ['rapid reset', (n) => { const f=[]; for (let i=0;i<n;i++) f.push(requestFrame(2*i+1,'/silent'), rstFrame(2*i+1, 8)); return f }],
  ['continuation', (n) => { const f=[frame(FRAME.headers, 1, 1, Buffer.from('00016101620','hex'))]; for (let i=0;i<n;i++) f.push(frame(9,0,1,Buffer.from('0001610162','hex'))); return f }],
  ['ping', (n) => Array.from({length:n},()=>frame(FRAME.ping,0,0,Buffer.alloc(8)))],
  ['settings', (n) => Array.from({length:n},()=>settingsFrame({3:100}))],
  ['settings ack', (n) => Array.from({length:n},()=>frame(FRAME.settings,1,0))],
  ['empty data', (n) => [requestFrame(1,'/',0), ...Array.from({length:n},()=>frame(FRAME.data,0,1))]],
  ['window update', (n) => [requestFrame(1,'/silent'), ...Array.from({length:n},()=>frame(FRAME.windowUpdate,0,1,Buffer.from([0,0,0,1])))]],
  ['window update 0', (n) => [requestFrame(1,'/silent'), ...Array.from({length:n},()=>frame(FRAME.windowUpdate,0,1,Buffer.from([0,0,0,0])))]],
  ['priority', (n) => Array.from({length:n},(_,i)=>frame(2,0,2*i+1,Buffer.from([0,0,0,0,1])))],
  ['unknown', (n) => Array.from({length:n},()=>frame(200,0,0,Buffer.alloc(8)))],
  ['rst on idle', (n) => Array.from({length:n},(_,i)=>rstFrame(2*i+1,8))],
  ['headers after end', (n) => [requestFrame(1,'/'), ...Array.from({length:n},()=>requestFrame(1,'/'))]],
  ['malformed requests', (n) => Array.from({length:n},(_,i)=>frame(FRAME.headers, 5, 2*i+1, Buffer.from('0001610162','hex')))],
  ['huge header', () => [frame(FRAME.headers, 1|END_HEADERS, 1, Buffer.concat([Buffer.from('8287410161040161','hex'), Buffer.from([0,1,97,127,0x81,0x7c]), Buffer.alloc(15_000,'a')]))]],
  ['200 header fields', () => [frame(FRAME.headers, 1|END_HEADERS, 1, Buffer.concat([Buffer.from('828741016104012f','hex'), ...Array.from({length:200},()=>Buffer.from('0001610162','hex'))]))]],
  ['150 streams', () => Array.from({length:150},(_,i)=>requestFrame(2*i+1,'/silent'))],
]
it('probe', { timeout: 200_000 }, async () => {
  const scene = await startScene({ protocol: 'http2', forward: { responseTimeoutMs: 3000 } })
  for (const [name, flood] of floods) {
    const a = new Http2Attacker(scene.port)
    await a.connected
    const before = await scene.pods()
    const frames = flood(20_000)
    const at = performance.now()
    for (let i = 0; i < frames.length && !a.socket.destroyed; i += 500) await a.send(...frames.slice(i, i + 500))
    await Promise.race([a.closed, new Promise(r => setTimeout(r, 1500))])
    const after = await scene.pods()
    const st = await scene.state()
    console.log(name, 'closed', a.socket.destroyed, 'goaway', a.received.goaway, 'resets', [...a.received.resets], 'frames', [...a.received.frames], 'pods', after.requests - before.requests, 'conns', after.connections-before.connections, Math.round(performance.now() - at), 'inflight', st.inFlight, st.complaints)
    a.abort()
  }
  await scene.stop()
})
