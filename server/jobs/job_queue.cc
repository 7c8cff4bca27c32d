#include "server/jobs/job_queue.h"

#include <optional>
#include <string>

namespace quantd::jobs {

std::string DeviceClass(const std::string& device) {
  return device.substr(0, device.find(':'));
}

void JobQueue::Push(const std::string& device, int64_t create_sequence,
                    const std::string& job_id) {
  waiting_[device].emplace(create_sequence, job_id);
}

std::optional<std::string> JobQueue::Pop(const std::string& device) {
  const auto line = waiting_.find(device);
  if (line == waiting_.end() || line->second.empty()) return std::nullopt;
  const auto first = line->second.begin();
  std::string job_id = first->second;
  line->second.erase(first);
  return job_id;
}

bool JobQueue::Remove(const std::string& job_id) {
  for (auto& [device, line] : waiting_) {
    for (auto it = line.begin(); it != line.end(); ++it) {
      if (it->second != job_id) continue;
      line.erase(it);
      return true;
    }
  }
  return false;
}

int64_t JobQueue::Depth(const std::string& device) const {
  const auto line = waiting_.find(device);
  return line == waiting_.end() ? 0 : static_cast<int64_t>(line->second.size());
}

int64_t JobQueue::size() const {
  int64_t sum = 0;
  for (const auto& [device, line] : waiting_) sum += line.size();
  return sum;
}

}  // namespace quantd::jobs
