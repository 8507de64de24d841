import type { DayState, Language } from './api';

export interface IStrings {
  title: string;
  intro: string;
  insight: string;
  languages: string;
  days: string;
  progress: (done: number, total: number) => string;
  day: (day: number) => string;
  state: Record<DayState, string>;
  ticked: (day: number, title: string) => string;
  loading: string;
  absent: string;
  absentFix: string;
  unreachable: string;
  outside: string;
  missing: (path: string) => string;
  failed: (message: string) => string;
}

export const STRINGS: Record<Language, IStrings> = {
  en: {
    title: 'MindSpore camp',
    intro: '25 days, one notebook a day.',
    insight: 'Recorded trainings',
    languages: 'Language of the lessons',
    days: 'Days of the camp',
    progress: (done, total) => `${done} of ${total} days done`,
    day: day => `Day ${day}`,
    state: {
      done: 'done',
      started: 'in progress',
      available: 'not started',
      coming: 'coming soon'
    },
    ticked: (day, title) => `Day ${day} done: ${title}. Well done!`,
    loading: 'Looking for the camp …',
    absent: 'This Jupyter server does not run the mslearn server extension.',
    absentFix: 'In the environment that runs Jupyter, type the line below, then start Jupyter again.',
    unreachable: 'The Jupyter server does not answer. Trying again …',
    outside:
      'The lessons are not below the folder that this Jupyter server shows. Start it with “mslearn lab”.',
    missing: path =>
      `${path} is not there: it was moved, renamed or deleted. Stop the lab and run “mslearn lab” again; it brings missing lessons back and leaves yours alone.`,
    failed: message => `The camp could not do that: ${message}`
  },
  zh: {
    title: 'MindSpore 打卡营',
    intro: '25 天，每天一个笔记本。',
    insight: '训练看板',
    languages: '课程语言',
    days: '打卡营日程',
    progress: (done, total) => `已完成 ${done} / ${total} 天`,
    day: day => `第 ${day} 天`,
    state: {
      done: '已完成',
      started: '进行中',
      available: '未开始',
      coming: '即将推出'
    },
    ticked: (day, title) => `第 ${day} 天打卡成功：${title}。真棒！`,
    loading: '正在查找打卡营……',
    absent: '当前 Jupyter 服务器没有启用 mslearn 服务器扩展。',
    absentFix: '请在运行 Jupyter 的环境中执行下面这行命令，然后重新启动 Jupyter。',
    unreachable: 'Jupyter 服务器没有响应，正在重试……',
    outside: '课程不在当前 Jupyter 服务器的根目录下。请用 “mslearn lab” 启动。',
    missing: path =>
      `找不到 ${path}：它可能被移动、改名或删除了。请停止 Jupyter 后重新运行 “mslearn lab”，缺失的课程会自动补回，您改过的文件不会被动。`,
    failed: message => `操作没有成功：${message}`
  }
};
