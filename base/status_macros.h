// Early return on errors, and errors that carry a stable reason.
// Not here: test matchers (base/testing/status_matchers.h), the mapping to
// grpc::Status (proto/rpc/grpc_status.h).
#ifndef QUANTD_BASE_STATUS_MACROS_H_
#define QUANTD_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the calling function if `expr`, an absl::Status, is not OK.
#define RETURN_IF_ERROR(expr)                           \
  do {                                                  \
    if (absl::Status _status = (expr); !_status.ok()) { \
      return _status;                                   \
    }                                                   \
  } while (false)

// Evaluates `expr`, an absl::StatusOr<T>; returns its error, or moves its
// value into `lhs`, which may be a declaration.
#define ASSIGN_OR_RETURN(lhs, expr) \
  ASSIGN_OR_RETURN_IMPL_(QUANTD_CONCAT_(_status_or, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL_(tmp, lhs, expr)   \
  auto tmp = (expr);                             \
  if (!tmp.ok()) return std::move(tmp).status(); \
  lhs = *std::move(tmp)
#define QUANTD_CONCAT_INNER_(a, b) a##b
#define QUANTD_CONCAT_(a, b) QUANTD_CONCAT_INNER_(a, b)

#endif  // QUANTD_BASE_STATUS_MACROS_H_
