import { runCommand } from './run-command.ts'

process.exitCode = await runCommand(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
  dataDir: process.env['PARLEY_DATA_DIR'],
  directory: process.cwd(),
})
