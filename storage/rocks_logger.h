// Where RocksDB's own messages go. Its default, a file beside the database, is
// not an option: when the disk is full, writing that file ends the process (an
// assertion in Debian's build of RocksDB 7.8).
#ifndef QUANTD_STORAGE_ROCKS_LOGGER_H_
#define QUANTD_STORAGE_ROCKS_LOGGER_H_

#include <memory>

namespace rocksdb {
class Logger;
}  // namespace rocksdb

namespace quantd::storage {

// Passes errors on to the log of this process.
std::shared_ptr<rocksdb::Logger> MakeRocksLogger();

}  // namespace quantd::storage

#endif  // QUANTD_STORAGE_ROCKS_LOGGER_H_
