export { createInFlightBatch, type InFlightBatch } from './in-flight-batch.ts';
export { createInstances, type Instances } from './instances.ts';
export { createLanes } from './lanes.ts';
export { createMicroBatch } from './micro-batch.ts';
export { instanceFor } from './rendezvous.ts';
export { NotSent, RawBody } from './rpc-connection.ts';
export { attachRpcServer } from './rpc-server.ts';
export { createHttpClient, createRpcClient, type ServiceClient, TimedOut } from './service-client.ts';
