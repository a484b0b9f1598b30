// A small reverse proxy on loopback, as an ingress is one: takes a path prefix away and passes the rest on.
import { createServer, request } from "node:http"

// As the page of the question about proxies has it.
export const PREFIX = "/identity"

// Runs `journey` with the address that browsers see, while the proxy of the site listens.
export async function withProxy({ proxy: port, base: target }, journey) {
  const server = await listen(port, (incoming, outgoing) => pass(incoming, outgoing, new URL(target)))
  try {
    return await journey(`http://127.0.0.1:${port}${PREFIX}`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

// Listens on loopback.
export function listen(port, answer) {
  const server = createServer(answer)
  return new Promise((ready, failed) => server.on("error", failed).listen(port, "127.0.0.1", () => ready(server)))
}

function pass(incoming, outgoing, { hostname, port }) {
  if (!incoming.url.startsWith(`${PREFIX}/`)) return outgoing.writeHead(404).end()
  const path = incoming.url.slice(PREFIX.length)
  const headers = { ...incoming.headers, "x-forwarded-proto": "http", "x-forwarded-host": incoming.headers.host }
  const passed = request({ hostname, port, method: incoming.method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers)
    answer.pipe(outgoing)
  })
  passed.on("error", () => outgoing.writeHead(502).end())
  incoming.pipe(passed)
}
