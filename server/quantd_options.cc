#include "server/quantd_options.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr int kMaxSlots = 256;
constexpr int kMaxThreads = 1024;

struct Flag {
  const char* name;
  const char* value;  // What to write behind it, for the help.
  const char* help;
  std::string QuantdOptions::*text;  // One of the two.
  int QuantdOptions::*number;
};

constexpr Flag kFlags[] = {
    {"data_dir", "DIR",
     "Where everything is kept; made if it is not there. Required.",
     &QuantdOptions::data_dir, nullptr},
    {"listen", "HOST:PORT|unix:PATH",
     "Where the API is served; port 0: a free one. Plain text, without "
     "authentication: keep it on the loopback, or behind a proxy. Default "
     "127.0.0.1:50051.",
     &QuantdOptions::listen, nullptr},
    {"http_listen", "HOST:PORT|none",
     "Where /metrics, /healthz and /readyz are served; HOST an address. "
     "Default 127.0.0.1:9464.",
     &QuantdOptions::http_listen, nullptr},
    {"cpu_slots", "N", "Jobs that run at once. Default 1.", nullptr,
     &QuantdOptions::cpu_slots},
    {"threads_per_slot", "N",
     "Threads of each worker. Default 0: the cores, shared evenly.", nullptr,
     &QuantdOptions::threads_per_slot},
    {"gpus", "none|all|LIST",
     "GPUs to run jobs on, one slot each. Default none.", &QuantdOptions::gpus,
     nullptr},
    {"worker_binary", "FILE",
     "The worker program. Default: quant_worker beside quantd.",
     &QuantdOptions::worker_binary, nullptr},
    {"port_file", "FILE",
     "Written once the API is served: its port, or 0 for a Unix socket.",
     &QuantdOptions::port_file, nullptr},
    {"log_format", "text|json", "Of the lines on stderr. Default text.",
     &QuantdOptions::log_format, nullptr},
    {"log_level", "debug|info|warning|error|off", "Default info.",
     &QuantdOptions::log_level, nullptr},
};

absl::Status Invalid(absl::string_view flag, absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "FLAG_INVALID",
               absl::StrCat("--", flag, ": ", message),
               {{"flag", std::string(flag)}});
}

// Edits that turn one word into the other.
int Distance(absl::string_view a, absl::string_view b) {
  std::vector<int> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    int diagonal = row[0];
    row[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

absl::Status UnknownFlag(absl::string_view name) {
  const Flag* nearest = std::min_element(
      std::begin(kFlags), std::end(kFlags), [&](const Flag& a, const Flag& b) {
        return Distance(name, a.name) < Distance(name, b.name);
      });
  const bool close = Distance(name, nearest->name) <= 3;
  return Invalid(name, close ? absl::StrCat("no such flag; did you mean --",
                                            nearest->name, "?")
                             : "no such flag; see --help");
}

absl::Status SetFlag(const Flag& flag, const std::string& value,
                     QuantdOptions* options) {
  if (flag.text != nullptr) {
    options->*flag.text = value;
    return absl::OkStatus();
  }
  if (absl::SimpleAtoi(value, &(options->*flag.number))) {
    return absl::OkStatus();
  }
  return Invalid(flag.name, absl::StrCat("\"", value, "\" is no number; give ",
                                         flag.value));
}

// HOST:PORT with a port of 0..65535; [HOST] for IPv6.
absl::Status CheckHostPort(const char* flag, const std::string& text) {
  const size_t colon = text.rfind(':');
  int port = -1;
  const bool good = colon != std::string::npos && colon > 0 &&
                    absl::SimpleAtoi(text.substr(colon + 1), &port) &&
                    port >= 0 && port <= 65535;
  if (good) return absl::OkStatus();
  return Invalid(flag, absl::StrCat("\"", text,
                                    "\" is not HOST:PORT with a "
                                    "port of 0 to 65535, as in "
                                    "127.0.0.1:50051"));
}

absl::Status CheckListen(const std::string& listen) {
  if (!absl::StartsWith(listen, "unix:")) {
    return CheckHostPort("listen", listen);
  }
  const size_t size = listen.size() - 5;
  if (size >= 1 && size <= 107) return absl::OkStatus();
  return Invalid("listen",
                 absl::StrCat("the path of a Unix socket has 1 to 107 bytes, "
                              "this one has ",
                              size));
}

absl::Status CheckChoice(const char* flag, const std::string& value,
                         const std::vector<std::string>& choices) {
  std::string list;
  for (const std::string& choice : choices) {
    if (value == choice) return absl::OkStatus();
    absl::StrAppend(&list, list.empty() ? "" : ", ", choice);
  }
  return Invalid(flag, absl::StrCat("\"", value, "\" is none of ", list));
}

absl::Status CheckRange(const char* flag, int value, int low, int high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return Invalid(flag, absl::StrCat(value, " is not in ", low, "..", high));
}

absl::Status Check(const QuantdOptions& options) {
  if (options.data_dir.empty()) {
    return Invalid("data_dir",
                   "required; name a directory, as in "
                   "--data_dir=/var/lib/quantd");
  }
  RETURN_IF_ERROR(CheckListen(options.listen));
  if (options.http_listen != "none") {
    RETURN_IF_ERROR(CheckHostPort("http_listen", options.http_listen));
  }
  RETURN_IF_ERROR(CheckRange("cpu_slots", options.cpu_slots, 1, kMaxSlots));
  RETURN_IF_ERROR(
      CheckRange("threads_per_slot", options.threads_per_slot, 0, kMaxThreads));
  RETURN_IF_ERROR(
      CheckChoice("log_format", options.log_format, {"text", "json"}));
  RETURN_IF_ERROR(CheckChoice("log_level", options.log_level,
                              {"debug", "info", "warning", "error", "off"}));
  if (options.gpus == "none") return absl::OkStatus();
  return Error(absl::StatusCode::kUnimplemented, "FEATURE_NOT_BUILT",
               "--gpus: this quantd has no GPU workers; use --gpus=none",
               {{"feature", "CUDA"}, {"flag", "gpus"}});
}

}  // namespace

absl::StatusOr<QuantdOptions> ParseQuantdOptions(
    const std::vector<std::string>& argv) {
  QuantdOptions options;
  for (size_t i = 1; i < argv.size(); ++i) {
    absl::string_view word = argv[i];
    if (word == "--help" || word == "-h") {
      options.help = true;
      return options;
    }
    if (!absl::StartsWith(word, "--") || word.size() == 2) {
      return Invalid(word, "arguments have the form --name=value; see --help");
    }
    word.remove_prefix(2);
    const size_t equals = word.find('=');
    const absl::string_view name = word.substr(0, equals);
    const Flag* const flag = std::find_if(
        std::begin(kFlags), std::end(kFlags),
        [&](const Flag& candidate) { return name == candidate.name; });
    if (flag == std::end(kFlags)) return UnknownFlag(name);
    std::string value;
    if (equals != absl::string_view::npos) {
      value = std::string(word.substr(equals + 1));
    } else if (i + 1 < argv.size()) {
      value = argv[++i];
    } else {
      return Invalid(name, absl::StrCat("needs a value, ", flag->value));
    }
    RETURN_IF_ERROR(SetFlag(*flag, value, &options));
  }
  RETURN_IF_ERROR(Check(options));
  return options;
}

std::string QuantdHelp() {
  std::string help =
      "quantd: quantizes Caffe models for clients (see quantctl).\n\n";
  for (const Flag& flag : kFlags) {
    absl::StrAppend(&help, "  --", flag.name, "=", flag.value, "\n      ",
                    flag.help, "\n");
  }
  return help;
}

}  // namespace quantd
