#include "storage/rocks_logger.h"

#include <cstdarg>
#include <cstdio>

#include "base/logging.h"
#include "rocksdb/env.h"

namespace quantd::storage {
namespace {

class RocksLogger : public rocksdb::Logger {
 public:
  RocksLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::ERROR_LEVEL) {}

  using rocksdb::Logger::Logv;
  void Logv(const rocksdb::InfoLogLevel level, const char* format,
            va_list arguments) override {
    if (level < GetInfoLogLevel()) return;
    char text[1024];
    vsnprintf(text, sizeof(text), format, arguments);
    LogError("rocksdb", {{"text", text}});
  }
  void Logv(const char* format, va_list arguments) override {}
  // Options and versions at start.
  void LogHeader(const char* format, va_list arguments) override {}
};

}  // namespace

std::shared_ptr<rocksdb::Logger> MakeRocksLogger() {
  return std::make_shared<RocksLogger>();
}

}  // namespace quantd::storage
