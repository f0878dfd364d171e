import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../kit/find-free-port.ts'
import { startProcess } from '../kit/start-process.ts'
import type { System } from './system.ts'

/** Debian keeps it out of an ordinary user's PATH. */
const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx']

export const NGINX_HINT = 'nginx is not installed: apt-get install nginx-light'

/** nginx with one worker as a reverse proxy, or undefined when it is not installed. */
export async function startNginx(core: number, upstreamPort: number): Promise<System | undefined> {
  const command = NGINX.find((file) => existsSync(file))
  if (command === undefined) return undefined
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-nginx-'))
  const port = await findFreePort()
  const file = join(directory, 'nginx.conf')
  writeFileSync(file, configuration(directory, port, upstreamPort))
  const started = await startProcess({
    command,
    args: ['-c', file, '-p', directory, '-e', 'stderr'],
    core,
    ready: /start worker process \d+/,
  })
  return {
    pid: started.pid,
    port,
    [Symbol.asyncDispose]: async () => {
      await started.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function configuration(directory: string, port: number, upstreamPort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr notice;
worker_rlimit_nofile 30000;
events { worker_connections 15000; }
http {
  access_log off; keepalive_requests 100000000; client_max_body_size 8m; client_body_buffer_size 256k;
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
  upstream cheap { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://cheap; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffers 16 32k; proxy_busy_buffers_size 64k; proxy_read_timeout 1h;
    }
  }
}
`
}
