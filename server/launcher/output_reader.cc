#include "server/launcher/output_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace quantd::launcher {
namespace {

constexpr size_t kMaxLineBytes = 1000;

}  // namespace

OutputReader::OutputReader(int fd,
                           std::function<void(const std::string&)> on_line)
    : fd_(fd), on_line_(std::move(on_line)) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) == 0) {
    stop_read_fd_ = fds[0];
    stop_write_fd_ = fds[1];
  }
  fcntl(fd_, F_SETFL, O_NONBLOCK);
  thread_ = std::thread([this] { Run(); });
}

OutputReader::~OutputReader() {
  close(stop_write_fd_);  // Wakes the thread.
  thread_.join();
  close(stop_read_fd_);
  close(fd_);
}

void OutputReader::Run() {
  pollfd fds[2] = {{fd_, POLLIN, 0}, {stop_read_fd_, POLLIN, 0}};
  bool open = true;
  while (open) {
    fds[0].revents = fds[1].revents = 0;
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) break;
    open = ReadSome();
  }
  while (open && ReadSome()) {
  }
  if (!line_.empty()) EmitLine();
}

bool OutputReader::ReadSome() {
  char buffer[4096];
  const ssize_t size = read(fd_, buffer, sizeof(buffer));
  for (ssize_t i = 0; i < size; ++i) {
    if (buffer[i] == '\n') {
      EmitLine();
    } else if (line_.size() < kMaxLineBytes) {
      line_.push_back(buffer[i]);
    }
  }
  return size > 0;
}

void OutputReader::EmitLine() {
  on_line_(line_);
  line_.clear();
}

}  // namespace quantd::launcher
