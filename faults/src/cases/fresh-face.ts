import type { Era } from '../evil/evil-state.ts'
import { toolText, type Face } from '../kit/face.ts'
import type { Rig, UpstreamName } from '../run/rig.ts'
import { sleep } from './expectations.ts'

/** Forty seconds: the longest back-off of a process is thirty. */
const MAX_TRIES = 160

/** A stdio server that was killed by a fault is away for its back-off; that is R31's, not this case's, to judge. */
export async function freshFace(rig: Rig, era: Era, upstream: UpstreamName): Promise<Face> {
  for (let tries = 0; ; tries += 1) {
    try {
      const face = await rig.face(era, `/mcp/servers/${upstream}`)
      if (toolText(await face.call('echo', { text: 'up' }))) return face
    } catch (error) {
      if (tries > MAX_TRIES) throw error
    }
    if (tries > MAX_TRIES) throw new Error(`${upstream} did not come back`)
    await sleep(250)
  }
}
