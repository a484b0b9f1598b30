// What the journeys by SDK have in common: people, flows of apps and of scripts with cookies, codes from the mail queue.
import { Jar, csrf, unique } from "../../../clients/node/lib.mjs"

export const PASSWORD = "a-password-of-my-own"

export class Site {
  constructor(sdk, { public: base, admin, proxy }) {
    Object.assign(this, { sdk, base, admin, proxy, unique })
  }
  // Shows what an SDK's user gets to see.
  show(to, body) {
    console.log(`    answer ${to} ${JSON.stringify(body)}`)
  }
  email() {
    return `user-${unique()}@example.org`
  }
  // Somebody with a password, made by an operator.
  async person(traits = { email: this.email() }, more = {}) {
    return this.sdk.createIdentity({
      createIdentityBody: {
        schema_id: "person", traits, ...more,
        credentials: { password: { config: { password: PASSWORD } }, ...more.credentials },
      },
    })
  }
  // The newest code that was sent there.
  async code(to) {
    const [message] = await this.sdk.listCourierMessages({ recipient: to })
    return message.body.match(/\b\d{6}\b/)[0]
  }
  // An app signs in by password: the answer with its session and token.
  async signIn(identifier) {
    const flow = await this.sdk.createNativeLoginFlow()
    return this.submit("login", flow, { method: "password", identifier, password: PASSWORD })
  }
  // Sends a form as an app does.
  submit(kind, flow, body, token) {
    const name = kind[0].toUpperCase() + kind.slice(1)
    return this.sdk[`update${name}Flow`]({ flow: flow.id ?? flow, xSessionToken: token, [`update${name}FlowBody`]: body })
  }
  script() {
    return new Script(this.sdk)
  }
}

// A script in a browser: JSON, and cookies that it keeps.
class Script {
  jar = new Jar()
  constructor(sdk) {
    this.sdk = sdk
  }
  async call(name, params = {}, cookies = true) {
    const headers = { Accept: "application/json" }
    if (cookies && this.jar.header) headers.Cookie = this.jar.header
    try {
      const answer = await this.sdk.call(name, params, headers)
      this.jar.take(answer.cookies)
      return answer.data
    } catch (refused) {
      if (refused.cookies) this.jar.take(refused.cookies)
      throw refused
    }
  }
  // Sends a form; `cookies: false` forgets them for once.
  submit(kind, flow, body, cookies = true) {
    const name = kind[0].toUpperCase() + kind.slice(1)
    const form = { csrf_token: csrf(flow), ...body }
    return this.call(`update${name}Flow`, { flow: flow.id, [`update${name}FlowBody`]: form }, cookies)
  }
}
