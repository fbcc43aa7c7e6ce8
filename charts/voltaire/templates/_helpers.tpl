{{- define "voltaire.name" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{- define "voltaire.selector" -}}
app.kubernetes.io/name: voltaire
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "voltaire.labels" -}}
{{ include "voltaire.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}
