// OpenTelemetry's JavaScript log exporter (JSON over HTTP): argv = URL, token, count.
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-http";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";

const [url, token, count] = process.argv.slice(2);
const exporter = new OTLPLogExporter({ url: `${url}/v1/logs`, headers: { authorization: `Bearer ${token}` } });
const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
const logger = provider.getLogger("shop");
for (let number = 0; number < Number(count); number += 1) {
  logger.emit({ body: `js ${number}`, severityText: "INFO", attributes: { number } });
}
await provider.forceFlush();
await provider.shutdown();
console.log("{}");
