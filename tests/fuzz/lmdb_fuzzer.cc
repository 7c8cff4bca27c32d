// Whatever a data.mdb holds, reading it ends in as many records as it says, or
// in an error; and a record that is no Datum is an error too.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/lmdb/lmdb_file.h"
#include "engine/data/datum.h"

namespace {

// A file of this process.
const std::string& Path() {
  static const std::string* path = [] {
    const char* folder = std::getenv("TEST_TMPDIR");
    return new std::string((folder == nullptr ? "/tmp" : folder) +
                           std::string("/fuzz_") + std::to_string(getpid()) +
                           ".mdb");
  }();
  return *path;
}

void Require(bool holds) {
  if (!holds) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::ofstream(Path(), std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data),
             static_cast<std::streamsize>(size));
  const auto file = quantd::LmdbFile::Open(Path(), "DATASET_CORRUPT");
  if (!file.ok()) return 0;
  quantd::LmdbRecord record;
  quantd::DecodedDatum datum;
  int64_t num_read = 0;
  while (true) {
    const auto found = (*file)->Next(&record);
    if (!found.ok()) return 0;
    if (!*found) break;
    quantd::DecodeDatum(record.value, quantd::ColorMode::kColor, &datum)
        .IgnoreError();
    ++num_read;
  }
  Require(num_read == (*file)->num_records());
  (*file)->Rewind();
  Require((*file)->Skip(num_read).ok());
  return 0;
}
