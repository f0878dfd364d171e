import { spawn } from 'node:child_process'

/** Opens an http(s) address in the person's browser, as well as this machine can; the address is printed in any case. */
export function openBrowser(url: string): void {
  if (!/^https?:\/\//.test(url)) return
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(command!, [...args, url], { stdio: 'ignore', detached: true })
  // A machine without a browser: the person opens the printed address elsewhere.
  child.on('error', () => {})
  child.unref()
}

/** Without a shell, so that nothing in an address is a command. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}
