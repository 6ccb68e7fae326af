// winston-elasticsearch: probes the cluster's health, then ships in bulk: argv = URL, token, count.
import winston from "winston";
import { ElasticsearchTransport } from "winston-elasticsearch";

const [url, token, count] = process.argv.slice(2);
const transport = new ElasticsearchTransport({
  level: "info",
  index: "logs-winston",
  flushInterval: 100,
  clientOpts: { node: url, headers: { authorization: `Bearer ${token}` } },
});
const problems = [];
transport.on("error", (error) => problems.push(error.name));
const logger = winston.createLogger({ transports: [transport] });
for (let number = 0; number < Number(count); number += 1) logger.info(`js ${number}`);
await new Promise((resolve) => setTimeout(resolve, 2_000));
console.log(JSON.stringify({ problems }));
process.exit(0);
