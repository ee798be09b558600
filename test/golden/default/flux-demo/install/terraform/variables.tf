variable "kubeconfig" {
  description = "Path of the kubeconfig."
  type        = string
  default     = "~/.kube/config"
}

variable "kube_context" {
  description = "Context of the kubeconfig. The default, null, is the current context."
  type        = string
  default     = null
}

variable "cluster_type" {
  description = "Type of the cluster: kubernetes, openshift, aws, azure or gcp."
  type        = string
  default     = "kubernetes"

  validation {
    condition     = contains(["kubernetes", "openshift", "aws", "azure", "gcp"], var.cluster_type)
    error_message = "The cluster type must be kubernetes, openshift, aws, azure or gcp."
  }
}

variable "flux_operator_version" {
  description = "Version of the chart flux-operator."
  type        = string
  default     = "0.58.1"
}

variable "flux_instance_version" {
  description = "Version of the chart flux-instance."
  type        = string
  default     = "0.58.1"
}

variable "flux_version" {
  description = "Version of the Flux controllers, or a range of versions."
  type        = string
  default     = "2.9.x"
}

variable "multitenancy" {
  description = "Turns on both locks: ResourceSets and syncs use service accounts of their own namespace only."
  type        = bool
  default     = true
}
