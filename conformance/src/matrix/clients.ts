import { driveAiSdk } from './drivers/drive-ai-sdk.ts'
import { driveInspector } from './drivers/drive-inspector.ts'
import { driveMcpRemote } from './drivers/drive-mcp-remote.ts'
import { driveOldSdk, driveSdkV1 } from './drivers/drive-sdk-v1.ts'
import { driveSdkV2 } from './drivers/drive-sdk-v2.ts'
import type { MatrixClient } from './drivers/driver.ts'
import { sdkReleases } from './drivers/sdk-releases.ts'
import type { SdkRelease } from './drivers/sdk-releases.ts'

const noEar = 'a command line that ends with its answer'
const inspectorLacks = {
  completion: noEar,
  progress: noEar,
  logging: noEar,
  cancellation: noEar,
  withdrawal: noEar,
  'list changes': noEar,
  'resource updates': noEar,
  sampling: noEar,
  'elicitation (form)': noEar,
  'elicitation (URL)': noEar,
  roots: noEar,
  'trace context': 'cannot set a nested _meta',
  pagination: 'reads pages by itself, without saying so',
  'error codes': 'prints the message of an error only',
}

const notInAiSdk = 'not offered by this client'
const aiSdkLacks = {
  progress: notInAiSdk,
  logging: notInAiSdk,
  cancellation: notInAiSdk,
  withdrawal: notInAiSdk,
  'list changes': notInAiSdk,
  'resource updates': notInAiSdk,
  sampling: notInAiSdk,
  'elicitation (URL)': notInAiSdk,
  roots: notInAiSdk,
  'trace context': notInAiSdk,
}

/** The clients of the matrix, none of them ours. */
export const clients: MatrixClient[] = [
  {
    id: 'sdk-v2',
    title: 'SDK 2.4',
    revision: '2026-07-28',
    connect: (target) => driveSdkV2(target, '2026-07-28'),
    lacks: {},
    isSdk: true,
  },
  {
    id: 'sdk-v2-legacy',
    title: 'SDK 2.4, legacy',
    revision: '2025-11-25',
    connect: (target) => driveSdkV2(target, '2025-11-25'),
    lacks: {},
    isSdk: true,
  },
  { id: 'sdk-v1', title: 'SDK 1.32', revision: '2025-11-25', connect: driveSdkV1, lacks: {}, isSdk: true },
  oldSdk('@modelcontextprotocol/sdk', 'sse'),
  oldSdk('sdk-2025-06-18', 'http'),
  oldSdk('sdk-2025-06-18', 'sse'),
  oldSdk('sdk-2025-03-26', 'http'),
  oldSdk('sdk-2025-03-26', 'sse'),
  oldSdk('sdk-2024-11-05', 'sse'),
  { id: 'mcp-remote', title: 'mcp-remote 0.15', revision: '2025-11-25', connect: driveMcpRemote, lacks: {} },
  {
    id: 'inspector',
    title: 'Inspector 2.12',
    revision: '2026-07-28',
    connect: (target) => driveInspector(target, '2026-07-28'),
    lacks: inspectorLacks,
  },
  {
    id: 'inspector-legacy',
    title: 'Inspector 2.12, legacy',
    revision: '2025-11-25',
    connect: (target) => driveInspector(target, '2025-11-25'),
    lacks: inspectorLacks,
  },
  {
    id: 'ai-sdk',
    title: '@ai-sdk/mcp 2.0',
    revision: '2026-07-28',
    connect: driveAiSdk,
    lacks: aiSdkLacks,
  },
]

function oldSdk(release: SdkRelease, way: 'http' | 'sse'): MatrixClient {
  const { title, revision } = sdkReleases[release]
  return {
    id: `sdk-${revision}-${way}`,
    title: way === 'sse' ? `${title}, SSE` : title,
    revision,
    connect: (target) => driveOldSdk(target, release, way),
    lacks: {},
    isSdk: true,
  }
}
