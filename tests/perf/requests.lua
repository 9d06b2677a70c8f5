-- Asks for the paths of a file in turn, each thread from a place of its own, and prints a summary as JSON.
-- wrk ... -- <file: path[SPACE JSON to post][TAB etag] a line> <first line>
-- There is no response(): with one wrk would keep every body for it, and take a core of its own.
local number_of_threads = 0

function setup(thread)
   thread:set("number", number_of_threads)
   number_of_threads = number_of_threads + 1
end

function init(args)
   requests = {}
   for line in io.lines(args[1]) do
      local address, etag = line:match("^([^\t]+)\t?(.*)$")
      local path, body = address:match("^(%S+) ?(.*)$")
      local headers = {}
      if etag ~= "" then
         headers["If-None-Match"] = etag
      end
      if body == "" then
         table.insert(requests, wrk.format("GET", path, headers))
      else
         headers["Content-Type"] = "application/json"
         table.insert(requests, wrk.format("POST", path, headers, body))
      end
   end
   position = tonumber(args[2]) + number * math.floor(#requests / 2)
end

function request()
   position = position + 1
   return requests[position % #requests + 1]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      'SUMMARY {"requests": %d, "duration": %d, "bytes": %d, "p50": %d, "p99": %d, "errors": '
         .. '{"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}}\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
      errors.connect, errors.read, errors.write, errors.timeout, errors.status
   ))
end
