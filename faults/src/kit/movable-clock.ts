import { isMainThread } from 'node:worker_threads'

/** Preloaded into a hub: its wall clock goes as far wrong as the rig says. What is monotonic is left as it is. */
if (isMainThread) moveClock()

function moveClock(): void {
  const MachineDate = globalThis.Date
  let offsetMs = 0
  const now = () => MachineDate.now() + offsetMs
  globalThis.Date = new Proxy(MachineDate, {
    construct: (target, given: [], newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as Date,
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  })
  process.on('message', (wanted: number) => {
    offsetMs = wanted
    process.send?.(wanted)
  })
  // It must not keep a hub alive that has ended.
  process.channel?.unref()
}
