// opensearch-js's bulk helper: argv = URL, token, count.
import { Client } from "@opensearch-project/opensearch";

const [url, token, count] = process.argv.slice(2);
const client = new Client({ node: url, headers: { authorization: `Bearer ${token}` } });
const documents = Array.from({ length: Number(count) }, (_, number) => ({ message: `js ${number}`, number }));
const result = await client.helpers.bulk({
  datasource: documents,
  flushBytes: 20_000,
  onDocument: (document) => ({ create: { _index: "logs-js", _id: String(document.number) } }),
});
await client.close();
console.log(JSON.stringify({ successful: result.successful, failed: result.failed }));
