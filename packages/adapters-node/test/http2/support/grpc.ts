import {
  type Client,
  credentials,
  type handleUnaryCall,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerWritableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import type { EndpointInit } from '@limpet/core'
import { LOCALHOST } from './certificate.ts'

const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value }

const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/limpet.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes.serialize,
  requestDeserialize: bytes.deserialize,
  responseSerialize: bytes.serialize,
  responseDeserialize: bytes.deserialize,
})

/** A service without a proto file: messages are bytes. */
const ECHO: ServiceDefinition = {
  unary: method('unary', false, false),
  serverStream: method('serverStream', false, true),
  clientStream: method('clientStream', true, false),
  bidi: method('bidi', true, true),
}

/** What a pod does with its calls. */
export interface EchoHandlers {
  readonly unary?: handleUnaryCall<Buffer, Buffer>
  readonly serverStream?: (call: ServerWritableStream<Buffer, Buffer>) => void
  readonly clientStream?: (
    call: ServerReadableStream<Buffer, Buffer>,
    callback: (error: null, value: Buffer) => void,
  ) => void
  readonly bidi?: (call: ServerDuplexStream<Buffer, Buffer>) => void
}

/** A pod of gRPC in the clear. */
export interface GrpcPod {
  readonly endpoint: EndpointInit
  kill(): void
}

export async function startGrpcPod(name: string, handlers: EchoHandlers): Promise<GrpcPod> {
  const server = new Server()
  server.addService(ECHO, handlers as never)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    )
  })
  return {
    endpoint: { name, host: '127.0.0.1', port, appProtocol: 'grpc' },
    kill: () => server.forceShutdown(),
  }
}

const EchoClient = makeGenericClientConstructor(ECHO, 'Echo')

/** A client of gRPC over TLS, whose methods are those of the service. */
export type GrpcClient = Client & Record<'unary' | 'serverStream' | 'clientStream' | 'bidi', CallableFunction>

export function grpcClient(port: number): GrpcClient {
  // Without retries of its own, so that each outcome is the gateway's.
  return new EchoClient(`localhost:${port}`, credentials.createSsl(Buffer.from(LOCALHOST)), {
    'grpc.enable_retries': 0,
  }) as unknown as GrpcClient
}
