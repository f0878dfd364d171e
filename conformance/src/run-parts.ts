import { spawn } from 'node:child_process'

/** Parts in the order in which they are told; those of one lane one after the other, lanes beside each other. */
const LANES: readonly (readonly string[])[] = [['--suite'], ['--a2a', '--authorization', '--matrix']]

/** Everything, each part as a process of its own: most of the time of either lane is waiting. True when all is good. */
export async function runParts(program: string): Promise<boolean> {
  const lanes = await Promise.all(LANES.map((lane) => runLane(program, lane)))
  return lanes.every((isGood) => isGood)
}

async function runLane(program: string, lane: readonly string[]): Promise<boolean> {
  let isGood = true
  for (const part of lane) isGood = (await runPart(program, part)) && isGood
  return isGood
}

/** What it says is told when it is done, so that two parts do not talk at the same time. */
function runPart(program: string, part: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...process.execArgv, program, part], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said: Buffer[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => said.push(text))
    child.once('error', reject)
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(said))
      resolve(code === 0)
    })
  })
}
