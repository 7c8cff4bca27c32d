// The lines that a worker writes, as lines of our log.
#ifndef QUANTD_SERVER_LAUNCHER_OUTPUT_READER_H_
#define QUANTD_SERVER_LAUNCHER_OUTPUT_READER_H_

#include <functional>
#include <string>
#include <thread>

namespace quantd::launcher {

// Reads a pipe in a thread of its own and hands on each line, cut at 1,000
// bytes.
//
// Ownership: closes the pipe. Memory: one line.
class OutputReader {
 public:
  OutputReader(int fd, std::function<void(const std::string& line)> on_line);
  // Reads what is there now, then ends, even if somebody keeps the pipe open.
  ~OutputReader();
  OutputReader(const OutputReader&) = delete;
  OutputReader& operator=(const OutputReader&) = delete;

 private:
  void Run();
  // False at the end of the pipe, or when it is empty.
  bool ReadSome();
  void EmitLine();

  const int fd_;
  int stop_read_fd_ = -1;
  int stop_write_fd_ = -1;
  const std::function<void(const std::string&)> on_line_;
  std::string line_;
  std::thread thread_;
};

}  // namespace quantd::launcher

#endif  // QUANTD_SERVER_LAUNCHER_OUTPUT_READER_H_
