# Installs the Flux Operator and the Flux controllers as two Helm releases. ../README.md has the commands.
terraform {
  required_version = ">= 1.5"

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.0"
    }
  }
}

provider "helm" {
  kubernetes = {
    config_path    = var.kubeconfig
    config_context = var.kube_context
  }
}

resource "helm_release" "flux_operator" {
  name             = "flux-operator"
  namespace        = "flux-system"
  create_namespace = true
  repository       = "oci://ghcr.io/controlplaneio-fluxcd/charts"
  chart            = "flux-operator"
  version          = var.flux_operator_version
  wait             = true

  # The variable turns the lock of the ResourceSet API on or off.
  values = [file("${path.module}/../flux-operator-values.yaml"), yamlencode({
    multitenancy = {
      enabled = var.multitenancy
    }
  })]
}

resource "helm_release" "flux_instance" {
  name       = "flux"
  namespace  = helm_release.flux_operator.namespace
  repository = "oci://ghcr.io/controlplaneio-fluxcd/charts"
  chart      = "flux-instance"
  version    = var.flux_instance_version
  wait       = true

  # The variables set the version of Flux, the type of the cluster and the lock of the Flux controllers.
  values = [file("${path.module}/../flux-instance-values.yaml"), yamlencode({
    instance = {
      distribution = {
        version = var.flux_version
      }
      cluster = {
        type        = var.cluster_type
        multitenant = var.multitenancy
      }
    }
  })]
}
